using Mantle.Emulator.Machine;
using Mantle.Formats.Bytes;
using Mantle.Formats.Efi;
using Mantle.Formats.Tpm;
using Mantle.Measure.Prediction;

namespace Mantle.Boot.Tests.Matrix;

/// <summary>One boot of the matrix: a machine with its variables, and its disks.</summary>
internal sealed record Scenario
{
    private const EfiVariableAttributes BootEntry = EfiVariableAttributes.NonVolatile | EfiVariableAttributes.BootServiceAccess | EfiVariableAttributes.RuntimeAccess;

    /// <summary>The firmware numbers its own entries from 0.</summary>
    private const ushort EntryNumber = 0x0700;

    /// <summary>What lies at the removable-media path.</summary>
    public required byte[] BootFile { get; init; }

    /// <summary>Other files of the EFI system partition, by path.</summary>
    public IReadOnlyDictionary<string, byte[]> Files { get; init; } = new Dictionary<string, byte[]>();

    /// <summary>The boot files of disks that the firmware tries first and in vain; null: a disk without one.</summary>
    public IReadOnlyList<byte[]?> TriedFirst { get; init; } = [];

    /// <summary>The variables; null: a machine without keys, in setup mode.</summary>
    public SecureBootVariables? Variables { get; init; }

    /// <summary>Whether the switch that the machine's owner has is on; without keys it does nothing.</summary>
    public bool IsEnabled { get; init; } = true;

    /// <summary>The SMBIOS string for the command line.</summary>
    public string? Words { get; init; }

    /// <summary>The optional data of a boot entry for the boot file, which BootNext names; null: there is no such entry.</summary>
    public string? LoadOptions { get; init; }

    /// <summary>Whether the disk was made one of 1 GiB and its backup table moved to the new end.</summary>
    public bool IsGrown { get; init; }

    /// <summary>Registers of which nothing is said, for what this stub measures into them is not decided by the bytes or not known.</summary>
    public IReadOnlyList<int> Unpredicted { get; init; } = [];

    public DiskController Disk { get; init; } = DiskController.Nvme;

    public TpmInterface Tpm { get; init; } = TpmInterface.Crb;

    /// <summary>What the bytes and the machine's variables say that the TPM will hold.</summary>
    public ImagePrediction Predict(string disk) => Predictor.Predict(ByteSource.OpenFile(disk), new()
    {
        Banks = TpmHash.Computable,
        SecureBoot = Variables is not null && IsEnabled ? SecureBootState.On : SecureBootState.Off,
        Variables = Variables,
        Extras = new() { FirmwareCommandLine = Words, LoadOptions = LoadOptions },
        FailedAttempts = TriedFirst.Count,
    });

    /// <summary>The flash memory that the machine starts with.</summary>
    public byte[] Flash(byte[] empty) => VariableStore.Add(empty, [.. Variables?.ToVariables(IsEnabled) ?? [], .. Entry()]);

    private IEnumerable<EfiVariable> Entry() => LoadOptions is null ? [] :
    [
        new(EfiGuids.GlobalVariable, $"Boot{EntryNumber:X4}", BootEntry, BootOption.ForRemovableMedia(LoadOptions)),
        new(EfiGuids.GlobalVariable, "BootNext", BootEntry, BitConverter.GetBytes(EntryNumber)),
    ];
}
