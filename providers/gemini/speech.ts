import { newId } from './json.ts'

/** What every piece but the last is a multiple of: base64 joins at 3 bytes, and samples of 16 bits must stay whole. */
const UNIT = 6

/** A streamed answer's speech on its way. */
export interface Speech {
  /** Takes a piece in base64. */
  add(data: string): void
  /** Writes what is left. */
  end(): void
}

/**
 * Cuts speech anew, so that its pieces make one text of base64 where they are joined as they are, and names its id once:
 * the helpers of OpenAI's SDKs join both.
 */
export function createSpeech(write: (audio: { id?: string; data: string }) => void): Speech {
  let held: Buffer = Buffer.alloc(0)
  let begun = false
  const say = (bytes: Buffer) => {
    if (bytes.length === 0) return
    const data = bytes.toString('base64')
    write(begun ? { data } : { id: newId('audio_'), data })
    begun = true
  }
  return {
    add(data) {
      const bytes = Buffer.concat([held, Buffer.from(data, 'base64')])
      const end = bytes.length - (bytes.length % UNIT)
      held = bytes.subarray(end)
      say(bytes.subarray(0, end))
    },
    end() {
      say(held)
      held = Buffer.alloc(0)
    },
  }
}
