// Reads an array with zarrita: node zarrita_read.mjs '{"url", "token"}' prints shape, dtype and the sum of all values.
import * as zarr from 'zarrita'

const asked = JSON.parse(process.argv[2])
const headers = asked.token === undefined ? {} : { Authorization: `Token ${asked.token}` }
const store = new zarr.FetchStore(asked.url, { overrides: { headers } })
const array = await zarr.open.v3(store, { kind: 'array' })
const pattern = await zarr.get(array, [asked.y, asked.x, null, null])
process.stdout.write(JSON.stringify({
  shape: array.shape,
  dtype: array.dtype,
  pattern: Array.from(pattern.data, Number),
}))
