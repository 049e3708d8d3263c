package main

import "github.com/spf13/cobra"

// rooms are the commands that serve a pretend machine room.
func (a *app) rooms() []*cobra.Command {
	return []*cobra.Command{a.demoCmd(), a.labCmd(), a.tutorCmd()}
}
