import type { IncomingMessage, ServerResponse } from 'node:http'
import { toOpenAIError } from '../error.ts'

/**
 * A client that waits before it sends its body (`Expect: 100-continue`) is asked for it when somebody begins to read it:
 * what can be refused by the head alone is refused without it (RFC 9110 §10.1.1). Node closes behind an answer that came
 * instead: the client may send the body or not, and nobody knows where its next request begins.
 */
export function continueWhenRead(request: IncomingMessage, response: ServerResponse): void {
  const read = request._read
  let asked = false
  const ask = () => {
    // Node reads away what nobody took, behind the answer.
    if (!asked && !response.headersSent) response.writeContinue()
    asked = true
  }
  request._read = (size) => {
    request._read = read
    ask()
    read.call(request, size)
  }
  // It came without being asked for, all of it: it is as good as asked for.
  request.once('end', ask)
}

/** Node's own 417 has no body. */
export function refuseExpectation(_request: IncomingMessage, response: ServerResponse): void {
  const body = toOpenAIError({
    status: 417,
    message: 'The only expectation here is 100-continue.',
    type: 'invalid_request_error',
    code: 'bad_http_request',
    param: 'expect',
  })
  const headers = { 'content-type': 'application/json', 'content-length': Buffer.byteLength(body), connection: 'close' }
  response.writeHead(417, headers).end(body)
}
