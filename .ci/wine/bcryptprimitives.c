// bcryptprimitives.dll, which Go's runtime asks for random bytes. Windows has it since version 7; Wine 8.0, which is
// Debian 12's, has not. Only `make windows-try` puts it into its own Wine; it is in nothing that is shipped.
#include <windows.h>
#include <ntsecapi.h>

__declspec(dllexport) BOOL WINAPI ProcessPrng(PBYTE data, SIZE_T length) {
	return RtlGenRandom(data, (ULONG)length);
}
