/** Memory that heads and bodies are put together in, with Node's own writers of one encoding each, which its types leave out. */
export interface WriteMemory extends Buffer {
  latin1Write(text: string, at: number): number
  utf8Write(text: string, at: number): number
}

/** Memory of its own, outside of the pool that Node's small buffers share. */
export function allocateMemory(size: number): WriteMemory {
  return Buffer.allocUnsafeSlow(size) as WriteMemory
}
