import { defineHandler } from 'nitro/h3'

export default defineHandler(() => 'The app itself. The gateway is at /ai/v1.')
