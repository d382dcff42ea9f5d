package installed

import (
	"path/filepath"

	"golang.org/x/sys/windows"
)

// folder asks Windows itself: whoever starts a program chooses its environment.
func folder() string {
	data, err := windows.KnownFolderPath(windows.FOLDERID_ProgramData, windows.KF_FLAG_DEFAULT)
	if err != nil {
		data = `C:\ProgramData`
	}
	return filepath.Join(data, "Balcao")
}
