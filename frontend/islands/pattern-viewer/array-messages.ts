/** What page and worker say to each other about arrays. */
export interface OpenRequest {
  kind: "open";
  address: string;
}

export interface ReadRequest {
  kind: "read";
  address: string;
  choice: readonly number[];
}

export interface OpenAnswer {
  shape: number[];
  attributes: Record<string, unknown>;
}

export interface Item {
  shape: number[];
  values: Float64Array<ArrayBuffer>;
}

export type Request = (OpenRequest | ReadRequest) & { number: number };
export type Answer = { number: number } & ({ answer: OpenAnswer | Item } | { problem: string });
