import assert from 'node:assert/strict'
import { existsSync, readFileSync } from 'node:fs'
import { describe, it } from 'node:test'
import { makeReference } from '../../../.ci/reference.ts'

describe('the reference pages', () => {
  for (const [file, text] of makeReference()) {
    it(`${file} says what the program is`, () => {
      assert.ok(existsSync(file), `${file} is missing: npm run reference`)
      assert.equal(readFileSync(file, 'utf8'), text, `${file} is out of date: npm run reference`)
    })
  }
})
