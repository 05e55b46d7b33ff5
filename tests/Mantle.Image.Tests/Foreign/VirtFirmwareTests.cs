using System.Text.Json;
using Mantle.Formats.Efi;
using Mantle.Formats.Tests.Pe.Signing;
using Mantle.Testing;

namespace Mantle.Image.Tests.Foreign;

/// <summary>virt-firmware of trixie reads the variable stores and signatures that the boot tests use, and we read its.</summary>
public class VirtFirmwareTests(TrixieTools trixie)
{
    private const string Flash = "/usr/share/OVMF/OVMF_VARS_4M.fd";

    [Fact]
    public async Task A_variable_store_that_we_wrote_has_for_virt_fw_vars_what_we_put_in()
    {
        using TestAuthority key = new("key");
        using TemporaryFolder folder = new();
        EfiVariable[] variables = Variables(key);
        await File.WriteAllBytesAsync(folder["ours.fd"], VariableStore.Add(Empty(), variables), TestContext.Current.CancellationToken);

        await trixie.VirtFirmwareAsync("virt-fw-vars", "--input", folder["ours.fd"], "--output-json", folder["theirs.json"]);
        using JsonDocument theirs = JsonDocument.Parse(await File.ReadAllBytesAsync(folder["theirs.json"], TestContext.Current.CancellationToken));

        Assert.Equal(
            variables.Select(x => $"{x.Name} {x.Vendor} {(int)x.Attributes} {Convert.ToHexStringLower(x.Content.Span)}").Order(StringComparer.Ordinal),
            theirs.RootElement.GetProperty("variables").EnumerateArray()
                .Select(x => $"{x.GetProperty("name")} {x.GetProperty("guid")} {x.GetProperty("attr")} {x.GetProperty("data")}").Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_variable_store_that_virt_fw_vars_wrote_has_the_signature_lists_that_we_write()
    {
        using TestAuthority key = new("key");
        using TemporaryFolder folder = new();
        await File.WriteAllTextAsync(folder["key.pem"], key.Certificate.ExportCertificatePem(), TestContext.Current.CancellationToken);
        string owner = TestAuthority.Owner.ToString();
        await trixie.VirtFirmwareAsync(
            "virt-fw-vars", "--input", RequireFlash(), "--output", folder["theirs.fd"], "--set-pk", owner, folder["key.pem"], "--add-kek", owner, folder["key.pem"],
            "--add-db", owner, folder["key.pem"], "--add-db-hash", owner, new string('a', 64), "--secure-boot");
        IReadOnlyList<EfiVariable> theirs = VariableStore.Read(await File.ReadAllBytesAsync(folder["theirs.fd"], TestContext.Current.CancellationToken));

        foreach (EfiVariable ours in Variables(key).Where(variable => variable.Name != "dbx"))
        {
            EfiVariable other = theirs.Single(variable => variable.Is(ours.Vendor, ours.Name));
            Assert.Equal(ours.Attributes, other.Attributes);
            Assert.Equal(Convert.ToHexStringLower(ours.Content.Span), Convert.ToHexStringLower(other.Content.Span));
        }
    }

    [Fact]
    public async Task Pe_listsigs_sees_the_signatures_of_a_signed_image()
    {
        using TestAuthority first = new("first");
        using TestAuthority second = new("second");
        using TemporaryFolder folder = new();
        byte[] signed = second.SignBySbsign(first.SignBySbsign(await File.ReadAllBytesAsync(FinishedImage.Uki, TestContext.Current.CancellationToken)));
        await File.WriteAllBytesAsync(folder["signed.efi"], signed, TestContext.Current.CancellationToken);

        string printed = await trixie.VirtFirmwareAsync("pe-listsigs", "--verbose", folder["signed.efi"]);

        Assert.True(printed.IndexOf("TEST first", StringComparison.Ordinal) is >= 0 and int at && printed.IndexOf("TEST second", StringComparison.Ordinal) > at, printed);
    }

    private static EfiVariable[] Variables(TestAuthority key)
    {
        byte[] list = SignatureDatabase.Write(key.List);
        byte[] digest = [.. Enumerable.Repeat((byte)0xaa, 32)];
        return
        [
            new(EfiGuids.GlobalVariable, "PK", EfiVariableAttributes.SecureBootVariable, list),
            new(EfiGuids.GlobalVariable, "KEK", EfiVariableAttributes.SecureBootVariable, list),
            new(EfiGuids.ImageSecurityDatabase, "db", EfiVariableAttributes.SecureBootVariable, SignatureDatabase.Write(key.List, SignatureList.OfSha256(TestAuthority.Owner, digest))),
            new(EfiGuids.ImageSecurityDatabase, "dbx", EfiVariableAttributes.SecureBootVariable, list),
            new(EfiGuids.SecureBootEnableDisable, "SecureBootEnable", EfiVariableAttributes.NonVolatile | EfiVariableAttributes.BootServiceAccess, new byte[] { 1 }),
        ];
    }

    private static string RequireFlash()
    {
        if (!File.Exists(Flash))
        {
            Oracle.Missing("Debian package \"ovmf\"");
        }

        return Flash;
    }

    private static byte[] Empty() => File.ReadAllBytes(RequireFlash());
}
