package guarded

import (
	"fmt"

	"golang.org/x/sys/windows"
)

// Who may open this process: the system and administrators for everything; its user to see that it runs, wait for its
// end and end it (PROCESS_QUERY_LIMITED_INFORMATION, SYNCHRONIZE, PROCESS_TERMINATE), and not as its owner either (OW),
// who might otherwise change this list. SDDL: [MS-DTYP] 2.5.1.
const whoOpens = "D:P(A;;GA;;;SY)(A;;GA;;;BA)(A;;RC;;;OW)(A;;0x101001;;;%s)"

// dumpWithoutHeap is WER_FAULT_REPORTING_FLAG_NOHEAP (werapi.h).
const dumpWithoutHeap = 1

// Memory closes this program's memory, where names, codes and PINs stand for a while, to every other program but
// administrators': its user's programs can neither read it nor trace it, and Windows writes no dump when it crashes
// (SetErrorMode). It is called first of all. What Windows moves to its page file is not covered.
func Memory() error {
	user, err := windows.GetCurrentProcessToken().GetTokenUser()
	var about *windows.SECURITY_DESCRIPTOR
	if err == nil {
		about, err = windows.SecurityDescriptorFromString(fmt.Sprintf(whoOpens, user.User.Sid))
	}
	var list *windows.ACL
	if err == nil {
		list, _, err = about.DACL()
	}
	if err == nil {
		err = windows.SetSecurityInfo(windows.CurrentProcess(), windows.SE_KERNEL_OBJECT,
			windows.DACL_SECURITY_INFORMATION|windows.PROTECTED_DACL_SECURITY_INFORMATION, nil, nil, list, nil)
	}
	if err != nil {
		return fmt.Errorf("closing the memory to other programs: %w", err)
	}
	windows.SetErrorMode(windows.SEM_FAILCRITICALERRORS | windows.SEM_NOGPFAULTERRORBOX)
	if flags := windows.NewLazySystemDLL("kernel32.dll").NewProc("WerSetFlags"); flags.Find() == nil {
		_, _, _ = flags.Call(dumpWithoutHeap) // for whoever reports crashes all the same
	}
	return nil
}
