// Package installed says where an installed Balcão has its files.
package installed

import "path/filepath"

// Path is where a configuration file or folder of an installed program is: /etc/balcao/NAME, on Windows
// %ProgramData%\Balcao\NAME.
func Path(name string) string { return filepath.Join(folder(), name) }
