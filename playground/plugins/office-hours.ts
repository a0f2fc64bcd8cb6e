import { GatewayError, definePlugin, z } from '@ungate/gateway'

export default definePlugin({
  name: 'office-hours',
  order: 'pre',
  options: z.object({ from: z.number().default(8), to: z.number().default(18) }),
  setup: ({ from, to }) => ({
    auth() {
      const hour = new Date().getHours()
      if (hour < from || hour >= to) throw new GatewayError(403, 'We are closed', { code: 'office_hours' })
    },
  }),
})
