/** What answers web requests. */
interface Fetcher {
  fetch(request: Request): Response | Promise<Response>
}

/**
 * The gateway as `fetch`. Who calls it as a client does, with an address, gets what `fetch` promises when the signal aborts:
 * a rejection with its reason at once, whatever the call is waiting for. A request alone comes from a server that hands it
 * over; it gets an answer in any case.
 */
export function fetchInProcess(app: Fetcher, input: string | URL | Request, init?: RequestInit): Promise<Response> {
  if (input instanceof Request && !init) return Promise.resolve(app.fetch(input))
  const request = new Request(input, init)
  if (!init?.signal && !(input instanceof Request)) return Promise.resolve(app.fetch(request))
  const { signal } = request
  if (signal.aborted) return Promise.reject(signal.reason)
  return new Promise((resolve, reject) => {
    const leave = () => reject(signal.reason)
    signal.addEventListener('abort', leave, { once: true })
    Promise.resolve(app.fetch(request))
      .then(resolve, reject)
      .finally(() => signal.removeEventListener('abort', leave))
  })
}
