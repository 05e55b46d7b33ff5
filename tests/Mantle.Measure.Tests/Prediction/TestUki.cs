using Mantle.Formats.Bytes;
using Mantle.Formats.Pe.Uki;
using Mantle.Formats.Tests.Pe;

namespace Mantle.Measure.Tests.Prediction;

/// <summary>A small UKI of synthetic parts.</summary>
internal static class TestUki
{
    public const string OsRelease = "ID=test\nNAME=\"Test\"\n";
    public const string CommandLine = " quiet\tpanic=-1  a=b\n";

    public static ByteSource Make(string? magic = null, string? commandLine = CommandLine, string kernel = "6.12.1-test (builder) #1", byte[]? stub = null, string osRelease = OsRelease) =>
        UkiWriter.Layout(new()
        {
            Stub = SyntheticPe.Source(stub ?? SyntheticPe.Stub(magic ?? SyntheticPe.StubMagic)),
            Sections =
            [
                new(".osrel", Text(osRelease)),
                .. commandLine is null ? Array.Empty<UkiSection>() : [new(".cmdline", Text(commandLine))],
                new(".linux", SyntheticPe.Source(SyntheticPe.Kernel(version: kernel))),
                new(".initrd", SyntheticPe.Source(SyntheticPe.Bytes(1001, 6))),
            ],
        });

    public static string Magic(string version) => $"#### LoaderInfo: systemd-stub {version} ####";

    private static ByteSource Text(string text) => SyntheticPe.Source(System.Text.Encoding.ASCII.GetBytes(text));
}
