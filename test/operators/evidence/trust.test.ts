import { expect, test } from 'vitest';
import {
  type Incident,
  incidentLayout,
  learnNumber,
  news,
  passIncident,
  type Trust,
  trustLayout,
  unprecedented,
} from '../../../operators/evidence/trust.js';
import { rowOf } from './row.js';

const options = { warmupRows: 3, memoryRows: 10_000 };

/** A number that lies between 0 and 1, and what is told of rows that do not: each as new as can be is strange. */
function key(): { see(x: number): { fresh: number; ever: number }; own: Trust; incident: Incident } {
  const own = rowOf(trustLayout);
  const incident = rowOf(incidentLayout);
  const see = (x: number) => {
    const fresh = news(own, x, options, 0);
    const ever = unprecedented(own, x, options, 0);
    passIncident(incident, fresh, fresh > 3 ? 1e-4 : 1);
    learnNumber(own, x, options, incident);
    return { fresh, ever };
  };
  return { see, own, incident };
}

const calm = (see: (x: number) => unknown, rows: number): void => {
  for (let i = 0; i < rows; i++) see((i % 11) / 10);
};

test('what came in an incident is known while it lasts, new once more after it, and usual the third time', () => {
  const { see } = key();
  calm(see, 200);
  expect(see(3).fresh).toBeGreaterThan(4);
  expect(see(2.9).fresh).toBe(0);
  calm(see, 40);
  expect(see(2.9).fresh).toBe(0);
  calm(see, 100);
  const second = see(2.5);
  expect(second.fresh).toBeGreaterThan(4);
  // Beside all that was ever seen it is no news.
  expect(second.ever).toBe(0);
  calm(see, 100);
  expect(see(2.4).fresh).toBe(0);
  // Only what came twice is trusted: 3 came once.
  expect(see(2.9).fresh).toBeGreaterThan(2);
});

test('what stays after an incident is learnt, so that it is told once', () => {
  const { see } = key();
  calm(see, 200);
  expect(see(2.9).fresh).toBeGreaterThan(4);
  let later = 0;
  for (let i = 0; i < 500; i++) later = Math.max(later, see(1.9 + (i % 11) / 10).fresh);
  expect(later).toBe(0);
});

test('what is new and not strange is learnt at once', () => {
  const own = rowOf(trustLayout);
  const incident = rowOf(incidentLayout);
  for (let i = 0; i < 50; i++) learnNumber(own, i % 2, options, incident);
  expect(news(own, 2, options, 0)).toBeGreaterThan(4);
  passIncident(incident, news(own, 2, options, 0), 0.01);
  learnNumber(own, 2, options, incident);
  expect(news(own, 2, options, 0)).toBe(0);
});

test('an incident lasts while there is more that is new, and begins with what is strange alone', () => {
  const incident = rowOf(incidentLayout);
  passIncident(incident, 5, 0.01);
  expect(incident.left[0]).toBe(0);
  passIncident(incident, 5, 1e-4);
  const whole = incident.left[0];
  for (let i = 0; i < 10; i++) passIncident(incident, 0, 1);
  expect(incident.left[0]).toBe(whole - 10);
  passIncident(incident, 0.5, 1);
  expect(incident.left[0]).toBe(whole);
  for (let i = 0; i < whole + 5; i++) passIncident(incident, 0, 1);
  expect(incident.left[0]).toBe(0);
});

test('rows without a number let an incident pass like others', () => {
  const { see, own } = key();
  calm(see, 200);
  see(3);
  expect(own.held[0]).toBe(1);
  for (let i = 0; i < 200; i++) see(Number.NaN);
  expect(own.held[0]).toBe(0);
  expect(see(2.5).fresh).toBeGreaterThan(4);
});
