// The packages that are bundled into what ships, with their licences: most of them ask to be named wherever they go.
import { readdirSync, readFileSync } from 'node:fs'
import path from 'node:path'

const LICENCE = /^(?:licen[cs]e|copying|notice)(?:[.-].*)?$/i

/** @param files of bundles, by their full paths. */
export function thirdPartyText(files) {
  const folders = [...new Set(files.map(packageFolder).filter((folder) => folder !== null))]
  const parts = folders.map(describePackage).toSorted()
  const rule = '-'.repeat(78)
  return `skein contains these packages:\n\n${[...new Set(parts)].join(`\n${rule}\n\n`)}`
}

/** Null for a file of ours. */
function packageFolder(file) {
  const [, folder = null] = /^(.*\/node_modules\/(?:@[^/]+\/)?[^/]+)\//.exec(file) ?? []
  return folder
}

function describePackage(folder) {
  const { name, version, license } = JSON.parse(
    readFileSync(path.join(folder, 'package.json'), 'utf8'),
  )
  const texts = readdirSync(folder, { withFileTypes: true })
    .filter((each) => each.isFile() && LICENCE.test(each.name))
    .map((each) => each.name)
    .toSorted()
    .map((each) => readFileSync(path.join(folder, each), 'utf8').trim())
  return `${[`${name} ${version} (${license})`, ...texts].join('\n\n')}\n`
}
