declare const SKEIN_VERSION: string | undefined

/** The package's version; set by the bundler. */
export const VERSION: string = typeof SKEIN_VERSION === 'string' ? SKEIN_VERSION : '0.0.0-dev'
