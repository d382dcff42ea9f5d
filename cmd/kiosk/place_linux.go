package main

import (
	"errors"
	"os"
)

// pixels is how many there are for each unit of the toolkit: X11 scales nothing.
func pixels() float32 { return 1 }

// display returns what is said of the X display that the environment names, and a startError when it names none.
func display() (screenWords, error) {
	name := os.Getenv("DISPLAY")
	if name == "" {
		return screenWords{}, &startError{errors.New("opening the windows: DISPLAY is not set"),
			"Start the kiosk in the desk's graphical session, or name its display: DISPLAY=:0 kiosk …"}
	}
	return screenWords{
		on:        " on display " + name,
		whyClosed: "Is the X server running, and may this user use it? Try: DISPLAY=" + name + " xset q",
		whyNoOpenGL: "The display needs OpenGL 2.1 (GLX). On a desk without a graphics card, Mesa draws it: install " +
			"libgl1-mesa-dri.",
	}, nil
}
