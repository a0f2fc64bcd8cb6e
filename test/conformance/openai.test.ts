import openai from '../../providers/openai.ts'
import { openAIFixtures } from '../suites/openai-fixtures.ts'
import { testProvider } from '../suites/provider.ts'

testProvider({ ...openAIFixtures, definition: openai })
