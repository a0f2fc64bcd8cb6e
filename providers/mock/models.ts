import { GatewayError } from '../../src/index.ts'
import { BEHAVIOURS } from './behaviour.ts'

/** Answers `GET /models`: one name for each behaviour. */
export function listModels() {
  return { object: 'list', data: BEHAVIOURS.map(({ example }) => toModel(example)) }
}

/** Answers `GET /models/{name}`. Throws a 404 where the list does not have it. */
export function readModel(name: string) {
  if (BEHAVIOURS.some(({ example }) => example === name)) return toModel(name)
  throw new GatewayError(404, `The model \`${name}\` does not exist.`, { code: 'model_not_found', param: 'model' })
}

function toModel(id: string) {
  return { id, object: 'model', created: 1_735_689_600, owned_by: 'mock' }
}
