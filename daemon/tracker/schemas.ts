// What is read of a forge's answers; everything else in them passes. GitHub's and Gitea's are alike here.
import { z } from 'zod'

const MAX = 2_147_483_647
const number = z.int().min(1).max(MAX)

export const userSchema = z.object({
  login: z.string().min(1).max(100),
  type: z.string().nullish(),
})

export const authoredSchema = z.object({
  user: userSchema.nullish(),
  author_association: z.string().nullish(),
})

export type Authored = z.output<typeof authoredSchema>

export const issueSchema = authoredSchema.extend({
  number,
  title: z.string(),
  body: z.string().nullish(),
  state: z.string(),
  html_url: z.string().nullish(),
  labels: z.array(z.union([z.string(), z.object({ name: z.string().nullish() })])).nullish(),
  /** There and not null: it is a pull request. */
  pull_request: z.unknown().optional(),
})

export type ForgeIssue = z.output<typeof issueSchema>

export const commentSchema = authoredSchema.extend({
  body: z.string().nullish(),
  html_url: z.string().nullish(),
})

export const labelSchema = z.object({ id: z.int(), name: z.string() })

const commit = z.string().regex(/^[0-9a-f]{40,64}$/)
const sideSchema = z.object({
  ref: z.string(),
  /** Empty where a branch and its repository are gone. */
  sha: commit.or(z.literal('')),
  repo: z.object({ full_name: z.string() }).nullish(),
})

export const pullSchema = z.object({
  number,
  title: z.string(),
  html_url: z.string().nullish(),
  state: z.string(),
  draft: z.boolean().nullish(),
  merged: z.boolean().nullish(),
  merged_at: z.string().nullish(),
  mergeable: z.boolean().nullish(),
  /** GitHub's: why it can be merged or not. */
  mergeable_state: z.string().nullish(),
  merge_commit_sha: commit.or(z.literal('')).nullish(),
  head: sideSchema,
  base: sideSchema,
})

export type ForgePull = z.output<typeof pullSchema>

export const mergedSchema = z.object({ sha: commit })
