import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const exec = promisify(execFile)

export interface InstallStep {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string
  /** It is given up after this time. */
  readonly minutes: number
}

/** Runs a step of an installation. Returns why it failed, or nothing. */
export async function install({ command, args, cwd, minutes }: InstallStep): Promise<string | undefined> {
  try {
    await exec(command, args, { timeout: minutes * 60_000, maxBuffer: 64 * 1024 * 1024, ...(cwd ? { cwd } : {}) })
    return undefined
  } catch (error) {
    const { stderr, stdout, message } = error as { stderr?: string; stdout?: string; message: string }
    return `${command} ${args.join(' ')} failed: ${(stderr || stdout || message).trim().slice(-2000)}`
  }
}

/** The first of these Pythons that runs a line of code with success. */
export async function firstThatRuns(commands: readonly string[], code: string): Promise<string | undefined> {
  for (const command of commands) {
    if ((await install({ command, args: ['-c', code], minutes: 1 })) === undefined) return command
  }
  return undefined
}
