import { appendFile, mkdir } from 'node:fs/promises'
import { dirname } from 'node:path'
import { defineCallback, z } from '../src/index.ts'

/** Appends one JSON line per call to a file. What piles up while a write is running goes out with the next one. */
export default defineCallback({
  name: 'log-file',
  description: 'Appends one JSON line per call to a file',
  default: false,
  options: z.object({
    path: z
      .string()
      .min(1)
      .describe('The file, relative to the working directory. It may be moved away while in use (logrotate).'),
  }),
  async setup({ path }) {
    await mkdir(dirname(path), { recursive: true })
    let lines: string[] = []
    let writing: Promise<void> | undefined

    const write = async (): Promise<void> => {
      await writing?.catch(() => {})
      const batch = lines.splice(0).join('')
      // Readable by the owner alone: records hold addresses and users.
      await appendFile(path, batch, { mode: 0o600 })
    }

    return {
      // The promise tells the queue whether the record was written: it counts failures and bounds what waits.
      log(record) {
        if (lines.push(`${JSON.stringify(record)}\n`) === 1) writing = write()
        return writing
      },
      close: () => writing?.catch(() => {}),
    }
  },
})
