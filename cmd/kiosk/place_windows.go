package main

// display returns what is said of the session's desktop, of which there is one.
func display() (screenWords, error) {
	return screenWords{
		whyClosed: "Start the kiosk in the session of the user who sits at the desk, not as a service.",
		whyNoOpenGL: "The display needs OpenGL 2.1: install the driver of the graphics card's maker. Remote Desktop and Windows' " +
			"basic display driver have OpenGL 1.1; Mesa's opengl32.dll beside kiosk.exe draws without a card.",
	}, nil
}
