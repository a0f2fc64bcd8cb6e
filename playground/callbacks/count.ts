import { defineCallback, z } from '@ungate/gateway'

let calls = 0

export default defineCallback({
  name: 'count',
  options: z.object({}),
  setup: () => ({
    log: (record) => console.log(`call ${++calls}: ${record.model} ${record.status} in ${Math.round(record.ms)} ms`),
  }),
})
