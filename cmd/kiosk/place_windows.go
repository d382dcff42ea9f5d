package main

import "github.com/go-gl/glfw/v3.4/glfw"

// pixels is how many there are for each unit of the toolkit, as the primary monitor is set: 1.25 for 125 %.
func pixels() float32 {
	monitor := glfw.GetPrimaryMonitor()
	if monitor == nil {
		return 1
	}
	x, _ := monitor.GetContentScale()
	return max(x, 1)
}

// display returns what is said of the session's desktop, of which there is one.
func display() (screenWords, error) {
	return screenWords{
		whyClosed: "Start the kiosk in the session of the user who sits at the desk, not as a service.",
		whyNoOpenGL: "The display needs OpenGL 2.1: install the driver of the graphics card's maker. Remote Desktop and Windows' " +
			"basic display driver have OpenGL 1.1; Mesa's opengl32.dll beside kiosk.exe draws without a card.",
	}, nil
}
