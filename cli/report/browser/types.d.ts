import type { Severity as AnySeverity } from '../../../event.js';
import type * as alerts from '../alert-data.js';
import type * as data from '../data.js';

declare global {
  type Severity = AnySeverity;
  type ReportData = data.ReportData;
  type ReportSeries = data.ReportSeries;
  type ReportAnomaly = data.ReportAnomaly;
  type AlertPageData = alerts.AlertPageData;
  type PageAlert = alerts.PageAlert;
  type Columns = data.Columns;
}
