import { expect, it } from 'vitest'
import { killLedger } from '../support/kill-ledger.ts'

it('has one row for every answer that a client received, killed three times under load', async () => {
  const lengths = [900, 400, 700]
  const rounds = await killLedger(3, () => lengths.pop()!)
  for (const round of rounds) {
    expect(round.answered).toBeGreaterThan(20)
    expect([round.missing, round.double]).toEqual([0, 0])
    // Sixteen clients have at most one call each under way.
    expect(round.unanswered).toBeGreaterThanOrEqual(0)
    expect(round.unanswered).toBeLessThanOrEqual(16)
  }
}, 90_000)
