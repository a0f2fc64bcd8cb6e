/**
 * Imports a user's module, TypeScript included. Files go through jiti, so that an edit is seen with everything it
 * imports, every supported Node reads TypeScript, and the packages named here are the one instance the gateway itself
 * uses, installed in the user's project or not. Packages are imported by Node.
 * @param path absolute path of a file, or a package's name
 * @param root the user's project, where packages are looked for
 */
export async function importModule(path: string, root: string): Promise<unknown> {
  const { isAbsolute } = await import('node:path')
  if (!isAbsolute(path)) return importPackage(path, root)
  const { createJiti } = await import('jiti')
  const jiti = createJiti(path, {
    moduleCache: false,
    fsCache: false,
    interopDefault: false,
    tryNative: false,
    virtualModules: await sharedModules(),
  })
  return jiti.import(path)
}

/** Modules that must not exist twice: instances and symbols are compared by identity. */
async function sharedModules(): Promise<Record<string, unknown>> {
  const [gateway, zod, h3] = await Promise.all([import('./index.ts'), import('zod'), import('h3')])
  return { '@ungate/gateway': gateway, zod, h3 }
}

/** By the conditions of `import`: many packages have no other. */
async function importPackage(name: string, root: string): Promise<unknown> {
  const { createJiti } = await import('jiti')
  return import(createJiti(`${root}/`).esmResolve(name))
}
