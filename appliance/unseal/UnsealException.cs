namespace Mantle.Unseal;

/// <summary>Unsealing has failed. There is no log that could have a message: the stage is all that is told.</summary>
internal sealed class UnsealException(Stage stage, Exception? cause = null) : Exception($"stage {(byte)stage:x2}", cause)
{
    /// <summary>What failed.</summary>
    public Stage Stage { get; } = stage;
}
