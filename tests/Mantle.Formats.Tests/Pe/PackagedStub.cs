using Mantle.Testing;

namespace Mantle.Formats.Tests.Pe;

/// <summary>The stub of Debian's package systemd-boot-efi, whichever version the host has.</summary>
internal static class PackagedStub
{
    public static string Require()
    {
        const string Stub = "/usr/lib/systemd/boot/efi/linuxx64.efi.stub";
        if (!File.Exists(Stub))
        {
            Oracle.Missing("package systemd-boot-efi");
        }

        return Stub;
    }
}
