// Uploads one file with tus-js-client: node tus_js_client.mjs '{"endpoint", "token", "file", "metadata", "chunk"}'
import { createReadStream, statSync } from 'node:fs'
import { Upload } from 'tus-js-client'

const asked = JSON.parse(process.argv[2])
const say = (word) => process.stdout.write(`${JSON.stringify(word)}\n`)

new Upload(createReadStream(asked.file), {
  endpoint: asked.endpoint,
  headers: { Authorization: `Token ${asked.token}` },
  metadata: asked.metadata,
  chunkSize: asked.chunk,
  uploadSize: statSync(asked.file).size,
  retryDelays: Array.from({ length: 60 }, () => 500),
  onChunkComplete: (_size, accepted) => say({ accepted }),
  onShouldRetry: () => { say({ retry: true }); return true },
  onError: (error) => { say({ error: String(error) }); process.exitCode = 1 },
  onSuccess: () => say({ done: true }),
}).start()
