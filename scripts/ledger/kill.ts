import { killLedger } from '../../test/support/kill-ledger.ts'

/** `node scripts/ledger/kill.ts [rounds]`: kills a gateway under load and prints what its ledger holds after a restart. */
const rounds = await killLedger(Number(process.argv[2] ?? 10), () => 2000 + Math.random() * 2000)
console.table(rounds)
const sum = (name: 'answered' | 'missing' | 'double') => rounds.reduce((total, round) => total + round[name], 0)
console.log(
  `${sum('answered')} answers received: ${sum('missing')} without a row, ${sum('double')} with more than one.`,
)
if (sum('missing') + sum('double') > 0) process.exitCode = 1
