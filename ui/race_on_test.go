//go:build race

package ui

const raceOn = true // budgets of time do not hold under the race detector
