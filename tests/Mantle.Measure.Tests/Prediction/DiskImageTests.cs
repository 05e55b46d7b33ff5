using System.Security.Cryptography;
using Mantle.Formats.Bytes;
using Mantle.Formats.Fat;
using Mantle.Formats.Gpt;
using Mantle.Formats.Tcg;
using Mantle.Formats.Tpm;
using Mantle.Formats.Tree;
using Mantle.Measure.Prediction;
using Mantle.Testing;

namespace Mantle.Measure.Tests.Prediction;

public class DiskImageTests
{
    [Fact]
    public void A_disk_is_predicted_as_its_boot_file_and_its_partition_table()
    {
        ByteSource uki = TestUki.Make();
        ByteSource disk = Disk(uki);
        ImagePrediction ofDisk = Predictor.Predict(disk, new());
        ImagePrediction ofUki = Predictor.Predict(uki, new());

        Assert.Equal([2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 15], ofDisk.Pcrs.Select(pcr => pcr.Index));
        Assert.Equal([0, 1, 10], ofDisk.Unpredicted.Select(pcr => pcr.Index));
        Assert.Equal("EFI/BOOT/BOOTX64.EFI", ofDisk.BootFile);
        Assert.Equal(
            ofUki.Pcrs.Select(pcr => pcr.Values[TpmAlgorithm.Sha256]),
            ofDisk.Pcrs.Where(pcr => pcr.Index != 5).Select(pcr => pcr.Values[TpmAlgorithm.Sha256]));

        // By hand: one used entry, the first; header at sector 1, entries at sector 2.
        byte[] measured = [.. disk.ReadBytes(512, 92, "test"), 1, 0, 0, 0, 0, 0, 0, 0, .. disk.ReadBytes(1024, 128, "test")];
        Assert.Equal(SHA256.HashData(measured), ofDisk.Pcrs.Single(pcr => pcr.Index == 5).Events[1].Digests[TpmAlgorithm.Sha256].Bytes);
    }

    [Fact]
    public void A_disk_made_by_foreign_tools_is_predicted_the_same()
    {
        using TemporaryFolder folder = new();
        File.WriteAllBytes(folder["uki.efi"], TestUki.Make().ToArray());
        Oracle.Succeed("truncate", "-s", "40M", folder["disk"]);
        Oracle.Succeed("sgdisk", "-n", "1:2048:+34M", "-t", "1:ef00", folder["disk"]);
        Oracle.Succeed("mkfs.vfat", "-F", "32", "-C", folder["esp"], $"{34 * 1024}");
        Oracle.Succeed("mmd", "-i", folder["esp"], "::EFI", "::EFI/BOOT");
        Oracle.Succeed("mcopy", "-i", folder["esp"], folder["uki.efi"], "::EFI/BOOT/BOOTX64.EFI");
        Oracle.Succeed("dd", $"if={folder["esp"]}", $"of={folder["disk"]}", "bs=512", "seek=2048", "conv=notrunc", "status=none");
        ImagePrediction prediction = Predictor.Predict(ByteSource.FromMemory(File.ReadAllBytes(folder["disk"])), new());

        Assert.Equal(
            Predictor.Predict(TestUki.Make(), new()).Pcrs.Select(pcr => pcr.Values[TpmAlgorithm.Sha384]),
            prediction.Pcrs.Where(pcr => pcr.Index != 5).Select(pcr => pcr.Values[TpmAlgorithm.Sha384]));
    }

    [Theory]
    [InlineData("EFI/BOOT/BOOTX64.EFI.extra.d/x.cred", 12, "Credentials initrd: x.cred")]
    [InlineData("efi/boot/bootx64.efi.EXTRA.D/x.CRED", 12, "Credentials initrd: x.CRED")]
    [InlineData("LOADER/CREDENTIALS/x.cred", 12, "Global credentials initrd: x.cred")]
    [InlineData("EFI/BOOT/BOOTX64.EFI.extra.d/x.confext.raw", 12, "Configuration extension initrd: x.confext.raw")]
    [InlineData("EFI/BOOT/BOOTX64.EFI.extra.d/x.sysext.raw", 13, "System extension initrd: x.sysext.raw")]
    public void Files_that_the_stub_picks_up_beside_the_boot_file_are_measured(string companion, int register, string description)
    {
        ImagePrediction prediction = Predictor.Predict(Disk(TestUki.Make(), companion), new());

        Assert.Equal(description, Assert.Single(prediction.Pcrs.Single(pcr => pcr.Index == register).Events).Description);
        Assert.Empty(prediction.Pcrs.Single(pcr => pcr.Index == 25 - register).Events);
        Assert.Contains("x.", prediction.Pcrs.Single(pcr => pcr.Index == 9).Events[1].Source.Name, StringComparison.Ordinal);
    }

    [Fact]
    public void A_disk_with_files_that_only_later_stubs_pick_up_is_refused() => Assert.Equal(
        "the EFI system partition has \"loader/extensions\", and what stubs make of it is not known",
        Assert.Throws<UserErrorException>(() => Predictor.Predict(Disk(TestUki.Make(), "loader/extensions/x.raw"), new())).Message);

    [Fact]
    public void Addons_beside_the_boot_file_are_loaded_measured_and_used()
    {
        CapturedBoot boot = CapturedBoot.Load("05-sidecars");
        BootInputs captured = boot.Inputs();
        ImagePrediction prediction = Predictor.Predict(TestUki.Make(), new() { Extras = captured.Extras, Banks = [TpmAlgorithm.Sha512] });
        EventRecord[] loaded = [.. boot.Log.Extending(4)];
        EventRecord[] overrides = [.. boot.Log.Extending(12)];

        Assert.Equal(
            loaded[3..6].Select(record => record.Digest(TpmAlgorithm.Sha512)),
            prediction.Pcrs.Single(pcr => pcr.Index == 4).Events.Skip(3).Take(3).Select(e => e.Digests[TpmAlgorithm.Sha512]));
        Assert.Equal(
            overrides.Select(record => record.Digest(TpmAlgorithm.Sha512)),
            prediction.Pcrs.Single(pcr => pcr.Index == 12).Events.Select(e => e.Digests[TpmAlgorithm.Sha512]));
    }

    [Fact]
    public void A_disk_that_firmware_would_not_start_for_certain_is_refused()
    {
        Assert.Equal(
            "the EFI system partition has no file \"EFI/BOOT/BOOTX64.EFI\"",
            Assert.Throws<UserErrorException>(() => Predictor.Predict(Disk(null), new())).Message);
        Assert.Equal(
            "\"uki.efi\" has 2 EFI system partitions, so what firmware starts is not certain",
            Assert.Throws<UserErrorException>(() => Predictor.Predict(Disk(TestUki.Make(), partitions: 2), new())).Message);
    }

    private static ByteSource Disk(ByteSource? uki, string? companion = null, int partitions = 1)
    {
        FileTree tree = new();
        if (companion is not null)
        {
            tree.Put(companion, FileNode.Regular(ByteSource.FromMemory(new byte[] { 1 })));
        }

        if (uki is not null)
        {
            string folder = tree.TryFind("efi/boot", out _) ? "efi/boot" : "EFI/BOOT";
            tree.Put($"{folder}/BOOTX64.EFI", FileNode.Regular(uki));
        }

        ByteSource esp = FatWriter.Layout(tree, new() { SizeBytes = 40 << 20, VolumeId = 1, TimeSeconds = 1_700_000_000 });
        return GptWriter.Layout(new()
        {
            DiskId = new("11111111-2222-3333-4444-555555555555"),
            Partitions = [.. Enumerable.Range(1, partitions).Select(number => new GptNewPartition
            {
                TypeId = DiscoverablePartitions.EfiSystem,
                Id = new($"aaaaaaaa-bbbb-cccc-dddd-00000000000{number}"),
                Name = "esp",
                Content = esp,
            })],
        });
    }
}
