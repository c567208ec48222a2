// Manners of everything that is tracked: what linters do not look at.
import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { describe, it } from 'node:test'

/** Null outside of a checkout, as in an unpacked archive. */
function listTracked(): readonly string[] | null {
  try {
    const listed = execFileSync('git', ['ls-files', '-z'], { encoding: 'utf8', stdio: 'pipe' })
    return listed.split('\0').filter((file) => statSync(file, { throwIfNoEntry: false })?.isFile())
  } catch {
    return null
  }
}

const found = listTracked()
const tracked = found ?? []
const skip = found === null ? 'no git checkout' : false
const shipped = tracked.filter((file) => /^(?:protocol|daemon|mcp|tui|templates)\//.test(file))
const pages = tracked.filter((file) => /^(?:[^/]+|docs\/.+)\.md$/.test(file))

/** Lines that the expression finds, as FILE:LINE. */
function linesWith(files: readonly string[], wrong: RegExp): string[] {
  return files.flatMap((file) =>
    readFileSync(file, 'utf8')
      .split('\n')
      .flatMap((line, at) => (wrong.test(line) ? [`${file}:${String(at + 1)}`] : [])),
  )
}

describe('what is tracked', { skip }, () => {
  it('leaves nothing to do in what ships', () => {
    assert.deepEqual(linesWith(shipped, /\b(?:TODO|FIXME|XXX|HACK)\b/), [])
  })

  it('writes to no console in what ships', () => {
    assert.deepEqual(linesWith(shipped, /\bconsole\./), [])
  })

  it('names no folder of a machine that it was made on', () => {
    const here = process.cwd().replaceAll(/[.+()[\]{}]/g, '\\$&')
    const folders = [
      '/root/',
      '/Users/[a-z]+/',
      ...(here.split('/').length > 2 ? [`${here}/`] : []),
    ]
    const files = tracked.filter((file) => file !== 'test/unit/docs/tidy.test.ts')
    assert.deepEqual(linesWith(files, new RegExp(folders.join('|'))), [])
  })

  it('is bound to no package registry', () => {
    const wrong =
      /"resolved": *"https?:|(?:registry|artifactory|verdaccio|nexus)\.[\w-]+\.(?:org|com|io|net|dev|cloud|internal|local)\b|^registry *=/
    const files = tracked.filter((file) => file !== 'test/unit/docs/tidy.test.ts')
    assert.deepEqual(linesWith(files, wrong), [])
  })
})

describe('the pages', { skip }, () => {
  it('link to what is there', () => {
    assert.deepEqual(pages.flatMap(brokenLinks), [])
  })

  it('are there where sources send their readers', () => {
    const sources = tracked.filter(
      // The repository of the demo has pages of its own.
      (file) => /\.(?:ts|mjs)$/.test(file) && !/^(?:test|daemon\/demo)\//.test(file),
    )
    const missing = sources.flatMap((file) =>
      [...readFileSync(file, 'utf8').matchAll(/\bdocs\/[\w/.-]+?\.md\b/g)]
        .map(([page]) => page)
        .filter((page) => !existsSync(page) && !EXAMPLES.has(page))
        .map((page) => `${file}: ${page}`),
    )
    assert.deepEqual(missing, [])
  })
})

/** Names in examples of patterns, not pages of ours. */
const EXAMPLES = new Set(['docs/PLAN.md', 'docs/reference/.md'])

/** Relative links whose file or heading is not there. */
function brokenLinks(page: string): string[] {
  const text = readFileSync(page, 'utf8').replaceAll(/```[\s\S]*?```/g, '')
  return [...text.matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [file = '', heading] = link.split('#')
    const target = file === '' ? page : path.join(path.dirname(page), file)
    if (!existsSync(target)) return [`${page}: ${link}`]
    const isThere = heading === undefined || headingsOf(target).has(heading)
    return isThere ? [] : [`${page}: ${link}`]
  })
}

/** Headings as GitHub makes anchors of them. */
function headingsOf(page: string): ReadonlySet<string> {
  const titles = readFileSync(page, 'utf8').matchAll(/^#+ +(.+)$/gm)
  return new Set(
    [...titles].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
        .trim()
        .replaceAll(/\s/g, '-'),
    ),
  )
}
