namespace Wirq.Traces.Kvm;

/// <summary>The records of a log of KVM's tracepoints, in the order of the log.</summary>
internal interface IKvmRecords : IDisposable
{
    /// <summary>Reads the next record into <see cref="Record"/>.</summary>
    /// <returns>False at the end.</returns>
    /// <exception cref="Qemu.TraceException">The text cannot be read further.</exception>
    /// <exception cref="KvmFileException">The file is damaged.</exception>
    bool TryRead();

    /// <summary>The record that was read; it is overwritten by the next.</summary>
    KvmRecord Record { get; }

    /// <summary>What was counted so far.</summary>
    KvmCounts Counts { get; }

    /// <summary>Whether places are lines of a text; else numbers of records.</summary>
    bool IsText { get; }

    /// <summary>How far the reader is, and the length of the file, in bytes; 0 where it is not known.</summary>
    (long Done, long All) Progress { get; }
}
