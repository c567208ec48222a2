import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { remotePlaceOf } from '../../../daemon/git-address.ts'

describe('remotePlaceOf', () => {
  it('reads all the ways to write an address', () => {
    const table: readonly (readonly [string, string | null])[] = [
      ['git@github.com:acme/shop.git', 'github.com acme/shop'],
      ['github.com:acme/shop', 'github.com acme/shop'],
      ['git@gitlab.com:acme/web/shop.git', 'gitlab.com acme/web/shop'],
      ['https://github.com/acme/shop.git', 'github.com acme/shop'],
      ['https://github.com/acme/shop/', 'github.com acme/shop'],
      ['https://user:pass@host:8443/acme/web/team/shop.git', 'host acme/web/team/shop'],
      ['ssh://git@host:2222/acme/shop.git', 'host acme/shop'],
      ['ssh://git@[::1]:22/~/acme/shop', '[::1] acme/shop'],
      ['git+ssh://git@host/acme/shop.git', 'host acme/shop'],
      ['git@host:~/acme/shop.git', 'host acme/shop'],
      ['git@host:/acme/shop.git', 'host acme/shop'],
      ['https://host/acme/sh%C3%B6p.git', 'host acme/shöp'],
      ['git@host:shop.git', null],
      ['https://host/', null],
      ['/srv/git/acme/shop.git', null],
      ['../acme/shop', null],
      ['./a:b/c', null],
      ['file:///srv/acme/shop.git', null],
      ['ext::sh -c x% acme/shop', null],
      ['codecommit::acme/shop', null],
      ['git@host:../acme/shop.git', null],
      ['', null],
      ['git@GitHub.com:acme/shop.git', 'github.com acme/shop'],
    ]
    for (const [url, expected] of table) {
      const place = remotePlaceOf(url)
      assert.equal(place === null ? null : `${place.host} ${place.repo}`, expected, url)
    }
  })
})
