//go:build !race

package lab_test

// slowdown is how much longer things may take under the race detector.
const slowdown = 1
