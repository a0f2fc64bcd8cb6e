// The log callback that the gateway runs with while it is measured: every record as a line of JSON in a file. Plain
// JavaScript, as packages are: TypeScript of a project's own would be measured with its compiler's start and memory.
import { closeSync, ftruncateSync, openSync, writeSync } from 'node:fs'
import { defineCallback, z } from '@ungate/gateway'

/** Bytes after which the file begins anew: a run makes more than anybody reads. */
const LIMIT = 64 * 1024 * 1024
const BATCH = 100

export default defineCallback({
  name: 'write-records',
  options: z.object({ path: z.string() }),
  env: { path: 'BENCH_RECORDS' },
  setup({ path }) {
    const file = openSync(path, 'a')
    /** @type {string[]} */
    let lines = []
    let size = 0
    let scheduled = false

    const write = () => {
      const text = lines.join('')
      lines = []
      if (size > LIMIT) {
        ftruncateSync(file)
        size = 0
      }
      size += writeSync(file, text)
    }

    return {
      log(record) {
        lines.push(`${JSON.stringify(record)}\n`)
        if (lines.length >= BATCH) write()
        else if (!scheduled) {
          scheduled = true
          setTimeout(() => {
            scheduled = false
            if (lines.length > 0) write()
          }, 20)
        }
      },
      close() {
        if (lines.length > 0) write()
        closeSync(file)
      },
    }
  },
})
