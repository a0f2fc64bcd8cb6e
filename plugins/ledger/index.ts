import { definePlugin } from '../../src/index.ts'
import { options } from './options.ts'

/** One row per call, in SQLite or PostgreSQL, written into a journal on the disk before the answer is out. */
export default definePlugin({
  name: 'ledger',
  description: 'Keeps one row per call in SQLite or PostgreSQL, daily sums, and reports of both',
  order: 'pre',
  default: false,
  options,
  env: { url: 'DATABASE_URL' },
  litellm: {
    'general_settings.database_url': 'url',
    'general_settings.disable_spend_logs': 'disabled',
    'general_settings.store_prompts_in_spend_logs': 'prompts',
    'general_settings.maximum_spend_logs_retention_period': 'retention',
  },
  async setup(given, gateway) {
    if (!given.disabled) return (await import('./start.ts')).startLedger(given, gateway)
  },
})
