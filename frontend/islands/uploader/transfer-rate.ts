/** Rate over a sliding window, so that a pause or a burst does not rule the estimate for long. */
interface Sample {
  at: number;
  bytes: number;
}

export class TransferRate {
  private samples: Sample[] = [];

  constructor(private readonly windowMs = 8000) {}

  /** Record the total of bytes sent so far, at a time in milliseconds. */
  record(at: number, bytes: number): void {
    this.samples.push({ at, bytes });
    while (this.samples.length > 2 && at - (this.samples[0]?.at ?? at) > this.windowMs) {
      this.samples.shift();
    }
  }

  reset(): void {
    this.samples = [];
  }

  /** Bytes per second over the window; 0 while unknown. */
  get bytesPerSecond(): number {
    const first = this.samples[0];
    const last = this.samples.at(-1);
    if (!first || !last || last.at <= first.at) {
      return 0;
    }
    return Math.max(0, ((last.bytes - first.bytes) * 1000) / (last.at - first.at));
  }

  secondsLeft(remaining: number): number {
    return this.bytesPerSecond > 0 ? remaining / this.bytesPerSecond : Infinity;
  }
}
