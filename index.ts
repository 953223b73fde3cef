export type { Anomaly, Batch, Event, Forecast, Reject, Severity } from './event.js';
