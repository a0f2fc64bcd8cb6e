/** Where the bytes of a {@link ByteStream} go. */
export interface ByteSink {
  /** Returns false to ask for a pause; `resume` of the stream continues. */
  write(chunk: Uint8Array | string): boolean
  end(): void
}
