import { createGateway } from '@ungate/gateway'

export const gateway = await createGateway({ environment: true })
