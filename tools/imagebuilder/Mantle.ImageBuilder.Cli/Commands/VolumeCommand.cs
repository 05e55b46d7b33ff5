using System.CommandLine;

namespace Mantle.ImageBuilder.Cli.Commands;

/// <summary><c>imagebuilder volume</c>: data volumes for an appliance.</summary>
internal static class VolumeCommand
{
    public static Command Create() => new("volume", "Make, check or look at a data volume: a disk that an appliance mounts because its recipe pins the root hash.")
    {
        VolumeCreateCommand.Create(), VolumeVerifyCommand.Create(), VolumeInspectCommand.Create(),
    };
}
