// What a commit says of the claims that it was made under, for who reads it later.

/** The id of a claim that covered what it changed. */
export const CLAIM_TRAILER = 'Skein-Claim'
/** The fence of that claim. */
export const FENCE_TRAILER = 'Skein-Fence'
/** Why a person had it go past the policy. */
export const BYPASS_TRAILER = 'Skein-Bypass'
