//go:build !linux

package main

// spacious is for Linux, where who wants large pages has to ask.
func spacious(int) {}
