// The part of `config.yml` that lets language servers run.
import { z } from 'zod'

/** Only a person of this machine may: a server may run code that the files of a repository name. */
export const languageServers = z
  .array(z.enum(['typescript', 'python', 'go', 'rust']))
  .optional()
  .describe(
    'Languages whose server `skein refactor` may start in a checkout, where one is installed. A server may run code that a repository names, so default: none.',
  )
