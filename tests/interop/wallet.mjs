// A wallet made of libraries nobody here wrote: @openid4vc/* speaks the protocols, @sd-jwt/* holds and presents, jose signs.
// It reads one JSON command a line and answers with one JSON line; keys and credentials live as long as the process.
import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { createInterface } from 'node:readline'
import * as jose from 'jose'
import { clientAuthenticationAnonymous, setGlobalConfig } from '@openid4vc/oauth2'
import { Openid4vciClient } from '@openid4vc/openid4vci'
import { Openid4vpClient } from '@openid4vc/openid4vp'
import { SDJwtVcInstance } from '@sd-jwt/sd-jwt-vc'

setGlobalConfig({ allowInsecureUrls: true }) // the houses of a test run on http://localhost

const held = []

async function newKey() {
  const { privateKey, publicKey } = await jose.generateKeyPair('ES256', { extractable: true })
  const { kty, crv, x, y } = await jose.exportJWK(publicKey)
  return { privateKey, jwk: { kty, crv, x, y } }
}

async function didDocument(did) {
  const [, , host, ...path] = did.split(':')
  const name = decodeURIComponent(host)
  const scheme = name.startsWith('localhost') ? 'http' : 'https'
  const answer = await fetch(`${scheme}://${name}${path.length ? `/${path.join('/')}` : '/.well-known'}/did.json`)
  if (!answer.ok) throw new Error(`did.json answered ${answer.status}`)
  return answer.json()
}

async function keyOf(signer) {
  if (signer.method === 'x5c') {
    const certificate = new X509Certificate(Buffer.from(signer.x5c[0], 'base64'))
    return certificate.publicKey.export({ format: 'jwk' })
  }
  if (signer.method === 'did') {
    const document = await didDocument(signer.didUrl.split('#')[0])
    const method = document.verificationMethod.find((entry) => entry.id === signer.didUrl)
    if (!document.authentication.includes(signer.didUrl)) throw new Error('the key may not authenticate')
    return method.publicKeyJwk
  }
  if (signer.method === 'jwk') return signer.publicJwk
  throw new Error(`signer ${signer.method}`)
}

const callbacks = {
  fetch,
  hash: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
  generateRandom: (length) => randomBytes(length),
  clientAuthentication: clientAuthenticationAnonymous(),
  signJwt: async (signer, { header, payload }) => {
    const key = held.concat(pending).find((entry) => entry.key.jwk.x === signer.publicJwk.x).key
    const jwt = await new jose.SignJWT(payload).setProtectedHeader(header).sign(key.privateKey)
    return { jwt, signerJwk: key.jwk }
  },
  verifyJwt: async (signer, { compact }) => {
    const signerJwk = await keyOf(signer)
    try {
      await jose.compactVerify(compact, await jose.importJWK(signerJwk, signer.alg), { algorithms: ['ES256'] })
      return { verified: true, signerJwk }
    } catch {
      return { verified: false }
    }
  },
  encryptJwe: async (encryptor, data) => {
    const jwe = await new jose.CompactEncrypt(new TextEncoder().encode(data))
      .setProtectedHeader({ alg: encryptor.alg, enc: encryptor.enc, kid: encryptor.publicJwk.kid })
      .encrypt(await jose.importJWK(encryptor.publicJwk, encryptor.alg))
    return { jwe, encryptionJwk: encryptor.publicJwk }
  },
  decryptJwe: async () => ({ decrypted: false }),
  getX509CertificateMetadata: (certificate) => {
    const names = (new X509Certificate(Buffer.from(certificate, 'base64')).subjectAltName ?? '').split(', ')
    const of = (kind) => names.filter((name) => name.startsWith(kind)).map((name) => name.slice(kind.length))
    return { sanDnsNames: of('DNS:'), sanUriNames: of('URI:') }
  },
}
const pending = []

async function receive({ offer: link, tx_code: txCode, copies = 1, bound = false }) {
  const client = new Openid4vciClient({ callbacks })
  const offer = await client.resolveCredentialOffer(link)
  const issuerMetadata = await client.resolveIssuerMetadata(offer.credential_issuer)
  const [credentialConfigurationId] = offer.credential_configuration_ids
  const keys = await Promise.all(Array.from({ length: copies }, newKey))
  const dpopKey = await newKey()
  pending.splice(0, pending.length, ...[dpopKey, ...keys].map((key) => ({ key })))
  const granted = await client.retrievePreAuthorizedCodeAccessTokenFromOffer({
    credentialOffer: offer,
    issuerMetadata,
    txCode,
    dpop: bound ? { signer: { method: 'jwk', publicJwk: dpopKey.jwk, alg: 'ES256' } } : undefined,
  })
  const { accessTokenResponse, dpop } = granted
  const { c_nonce: nonce } = await client.requestNonce({ issuerMetadata })
  const proofs = []
  for (const key of keys) {
    const { jwt } = await client.createCredentialRequestJwtProof({
      issuerMetadata,
      credentialConfigurationId,
      nonce,
      issuedAt: new Date(),
      signer: { method: 'jwk', publicJwk: key.jwk, alg: 'ES256' },
    })
    proofs.push(jwt)
  }
  const accessToken = accessTokenResponse.access_token
  let { credentialResponse } = await client.retrieveCredentials({
    issuerMetadata,
    credentialConfigurationId,
    accessToken,
    dpop,
    proofs: { jwt: proofs },
  })
  let asked = 0
  for (; credentialResponse.transaction_id && asked < 10; asked += 1) {
    await new Promise((resolve) => setTimeout(resolve, 500))
    const answer = await client.retrieveDeferredCredentials({
      issuerMetadata,
      accessToken,
      dpop,
      transactionId: credentialResponse.transaction_id,
    })
    credentialResponse = answer.deferredCredentialResponse
  }
  const received = credentialResponse.credentials.map((entry) => entry.credential)
  for (const [index, credential] of received.entries()) {
    const claims = await sdJwt().getClaims(credential)
    const key = keys.find((candidate) => candidate.jwk.x === claims.cnf.jwk.x)
    if (!key) throw new Error('bound to a key of somebody else')
    await verifyIssuer(credential, claims)
    held.unshift({ credential, key, index })
  }
  if (credentialResponse.notification_id)
    await client.sendNotification({
      issuerMetadata,
      accessToken,
      dpop,
      notification: { notificationId: credentialResponse.notification_id, event: 'credential_accepted' },
    })
  const claims = await sdJwt().getClaims(received[0])
  return { copies: received.length, claims, token_type: accessTokenResponse.token_type, asked, metadata_version: issuerMetadata.originalDraftVersion }
}

async function verifyIssuer(credential, claims) {
  const issuer = new URL(claims.iss)
  const answer = await fetch(`${issuer.origin}/.well-known/jwt-vc-issuer${issuer.pathname.replace(/\/$/, '')}`)
  const { jwks, jwks_uri: address } = await answer.json()
  const keySet = jwks ?? (await (await fetch(address)).json())
  await jose.compactVerify(credential.split('~')[0], jose.createLocalJWKSet(keySet), { algorithms: ['ES256'] })
}

function sdJwt(key) {
  return new SDJwtVcInstance({
    hasher: (data, algorithm) => createHash(algorithm.replace('-', '')).update(data).digest(),
    hashAlg: 'sha-256',
    saltGenerator: (length) => randomBytes(length).toString('base64url'),
    kbSignAlg: 'ES256',
    kbSigner: async (data) => {
      const { sign } = await import('node:crypto')
      const jwk = await jose.exportJWK(key.privateKey)
      const { createPrivateKey } = await import('node:crypto')
      const signature = sign('sha256', Buffer.from(data), {
        key: createPrivateKey({ key: jwk, format: 'jwk' }),
        dsaEncoding: 'ieee-p1363',
      })
      return signature.toString('base64url')
    },
  })
}

async function present({ request: link, spoil }) {
  const client = new Openid4vpClient({ callbacks })
  const parsed = client.parseOpenid4vpAuthorizationRequest({ authorizationRequest: link })
  const posts = parsed.params.request_uri_method === 'post'
  const resolved = await client.resolveOpenId4vpAuthorizationRequest({
    authorizationRequestPayload: parsed.params,
    // Version 0.4.6 posts its metadata as members of their own and no wallet_nonce, so it cannot expect one back.
    ...(posts ? { wallet: { metadata: walletMetadata } } : {}),
  })
  const request = resolved.authorizationRequestPayload
  const seen = {
    version: resolved.version,
    prefix: resolved.client.prefix,
    response_mode: request.response_mode,
    transaction_data: (resolved.transactionData ?? []).length,
  }
  if (seen.transaction_data) return { ...seen, refused: 'invalid_transaction_data' } // a type this wallet does not know
  const [query] = resolved.dcql.query.credentials
  const { credential, key } = held[0]
  const frame = Object.fromEntries(query.claims.map((claim) => [claim.path[0], true]))
  const presentation = await sdJwt(key).present(credential, frame, {
    kb: {
      payload: {
        iat: Math.floor(Date.now() / 1000),
        nonce: spoil === 'nonce' ? 'another' : request.nonce,
        aud: spoil === 'audience' ? 'x509_hash:another' : request.client_id,
      },
    },
  })
  const created = await client.createOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: { vp_token: { [query.id]: [presentation] } },
    ...(request.response_mode === 'direct_post.jwt'
      ? { jarm: { encryption: { nonce: randomBytes(16).toString('base64url') }, serverMetadata: encryption } }
      : {}),
  })
  const { response } = await client.submitOpenid4vpAuthorizationResponse({
    authorizationRequestPayload: request,
    authorizationResponsePayload: created.authorizationResponsePayload,
    jarm: created.jarm,
  })
  return { ...seen, status: response.status, body: await response.json() }
}

const encryption = {
  authorization_signing_alg_values_supported: [],
  authorization_encryption_alg_values_supported: ['ECDH-ES'],
  authorization_encryption_enc_values_supported: ['A128GCM', 'A256GCM'],
}
const walletMetadata = {
  vp_formats_supported: { 'dc+sd-jwt': { 'sd-jwt_alg_values': ['ES256'], 'kb-jwt_alg_values': ['ES256'] } },
  client_id_prefixes_supported: ['x509_hash', 'x509_san_dns', 'decentralized_identifier'],
  request_object_signing_alg_values_supported: ['ES256'],
}

const commands = { receive, present }
for await (const line of createInterface({ input: process.stdin })) {
  const { do: name, ...options } = JSON.parse(line)
  try {
    process.stdout.write(`${JSON.stringify(await commands[name](options))}\n`)
  } catch (error) {
    process.stdout.write(`${JSON.stringify({ failed: String(error?.message ?? error), stack: String(error?.stack) })}\n`)
  }
}
