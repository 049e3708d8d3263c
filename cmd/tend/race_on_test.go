//go:build race

package main

const raceOn = true // what takes minutes under the race detector is done in part there, and whole without it
