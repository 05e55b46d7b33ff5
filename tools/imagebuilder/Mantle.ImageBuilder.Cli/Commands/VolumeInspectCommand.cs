using System.CommandLine;
using Mantle.Cli;
using Mantle.Formats.Bytes;
using Mantle.ImageBuilder.Volumes;
using Mantle.Measure;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder volume inspect</c>.</summary>
internal static class VolumeInspectCommand
{
    private static readonly Argument<string> s_volume = new("IMAGE") { Description = "A volume" };

    public static Command Create()
    {
        Command command = new(
            "inspect",
            """
            Show what a volume says of itself: sizes, UUIDs, the root hash that they name, the sealed key. Nothing of it is checked against the content:
            that is what "volume verify" does.

              imagebuilder volume inspect weights.img
              imagebuilder volume inspect weights.img --json
            """)
        {
            s_volume, SealingOptions.Json,
        };
        command.SetAction(Run);
        return command;
    }

    private static int Run(ParseResult parsed)
    {
        ByteSource disk = ByteSource.OpenFile(parsed.GetValue(s_volume)!);
        Volume volume = Volume.Read(disk);
        if (parsed.GetValue(SealingOptions.Json))
        {
            JsonOutput.Write(parsed, json =>
            {
                json.WriteBoolean("encrypted", volume.IsEncrypted);
                json.WriteString("rootHashNamed", volume.NamedRootHash ?? volume.NamedRootHashStart);
                json.WriteString("diskId", volume.Table.DiskId);
                json.WriteString("dataId", volume.Data.Id);
                json.WriteNumber("size", disk.Length);
                json.WriteNumber("dataOffset", volume.Data.Offset);
                json.WriteNumber("dataSize", volume.DataBlocks * VolumeFormat.BlockLength);
                json.WriteNumber("treeSize", volume.Data.Length - (volume.DataBlocks * VolumeFormat.BlockLength));
                if (volume.Key is { } key)
                {
                    json.WriteNumber("sealedKeySize", key.EncryptedKey.Length);
                }
            });
            return ExitCode.Success;
        }

        long data = volume.DataBlocks * VolumeFormat.BlockLength;
        TextWriter output = parsed.InvocationConfiguration.Output;
        output.Write($"encrypted   {(volume.IsEncrypted ? "AES-256-XTS, sectors of 4096 bytes" : "no")}\n");
        output.Write($"root hash   {volume.NamedRootHash ?? volume.NamedRootHashStart + "… (a plain volume's UUIDs say half of it)"}\n");
        output.Write($"disk        {volume.Table.DiskId}, {disk.Length:N0} bytes\n");
        if (volume.Key is { } sealedKey)
        {
            output.Write($"key         at {volume.Table.Partitions[0].Offset:N0}, encrypted by KMS: {sealedKey.EncryptedKey.Length:N0} bytes\n");
        }

        output.Write($"data        at {volume.Data.Offset:N0}, {data:N0} bytes\n");
        output.Write($"tree        at {volume.Data.Offset + data:N0}, {volume.Data.Length - data:N0} bytes\n");
        return ExitCode.Success;
    }
}
